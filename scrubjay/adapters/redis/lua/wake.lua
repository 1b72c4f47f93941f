-- Make lanes ready whose time has come: a pause is over, or whoever held one is gone. Those that were due first come first.
-- ARGV how many at most, longest_ms
-- Returns how many were looked at: fewer than `most` where no more are due.
-- with _clock
-- with _lease
-- with _ready
local most, longest_ms = ARGV[1], ARGV[2]
local now_ms = look().monotonic_ms
local due = redis.call('ZRANGEBYSCORE', LANES, '-inf', now_ms, 'WITHSCORES', 'LIMIT', 0, most)
for i = 1, #due, 2 do
  local lane, lease = due[i], KEY.lease_of .. due[i]
  if is_held(lease, longest_ms) then
    look_at(lane, now_ms + math.max(redis.call('PTTL', lease), 1))
  else
    make_ready(lane, tonumber(due[i + 1]))
  end
end
-- What stands as ready and is not among its tenant's, or whose tenant has no turn, as a key was lost, is put there again:
-- some of the oldest each time.
local oldest = redis.call('ZRANGEBYSCORE', LANES, READY, '+inf', 'WITHSCORES', 'LIMIT', 0, 20)
for i = 1, #oldest, 2 do make_ready(oldest[i], oldest[i + 1] - READY) end
return #due / 2
