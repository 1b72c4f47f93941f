-- Give the lane up. Turns that this holder took and did not settle are as if never taken, unless it `died`: then the
-- batch stays marked as held, for the next holder to bisect, and the lane rests a moment before it is ready. Where Redis
-- `refused` a step it rests as well, for longer each time. In any case wake-up messages are put down where lanes are ready,
-- whether the lane was still ours or not: a drain has ended.
-- KEYS lease, lane, waiting list, owned, erasing, queue
-- ARGV token, lane, turn prefix, status prefix, how it ends (released, died, refused), rest_ms, retention_s, longest_ms (of a rest),
--   how many wake-up messages there may be, some ...
-- with _clock
-- with _due
-- with _ready
local lease, lane, waiting, owned, erasing, queue = unpack(KEYS)
local token, lane_name, turn_prefix, status_prefix, ending, rest_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local retention_s, longest_rest_ms, most_messages = ARGV[7], ARGV[8], ARGV[9]
local messages = { unpack(ARGV, 10) }
if redis.call('GET', lease) ~= token then
  send_wakeups(queue, most_messages, messages)
  return 0
end
local died, refused = ending == 'died', ending == 'refused'
-- An erase gives the turns of the worker that it took the lane from back too: that worker has not died.
local is_erase = redis.call('GET', erasing) == token
if not died and (is_erase or redis.call('HGET', lane, 'holder') == token) then
  local batch_size = tonumber(redis.call('HGET', lane, 'held') or '0')
  for _, id in ipairs(batch_size > 0 and redis.call('LRANGE', waiting, 0, batch_size - 1) or {}) do
    local turn = turn_prefix .. id
    local stamp = redis.call('HGET', turn, 'accepted_us')
    redis.call('ZREM', status_prefix .. 'running', id)
    if stamp then -- else it is lost: `take` counts it
      redis.call('HINCRBY', turn, 'attempts', -1)
      redis.call('ZADD', status_prefix .. 'queued', stamp, id)
      redis.call('HSET', turn, 'status', 'queued')
    end
  end
  redis.call('HDEL', lane, 'held', 'holder')
end
redis.call('DEL', lease, erasing)
due_by_first(waiting, turn_prefix) -- an erase may have taken turns out of the list
local now_ms = look().monotonic_ms
local wake_ms = tonumber(redis.call('HGET', lane, 'wake_us') or '0') / 1000
if redis.call('LLEN', waiting) == 0 then
  fall_asleep(lane_name)
  redis.call('EXPIRE', lane, retention_s)
  redis.call('EXPIRE', owned, retention_s)
elseif died then
  look_at(lane_name, now_ms + rest_ms)
elseif refused then
  local refusals = redis.call('HINCRBY', lane, 'failures', 1)
  look_at(lane_name, now_ms + math.min(tonumber(longest_rest_ms), rest_ms * 2 ^ math.min(refusals - 1, 20)))
elseif wake_ms > now_ms then -- it backs off, and was edited meanwhile
  look_at(lane_name, wake_ms)
else
  make_ready(lane_name, now_ms)
end
send_wakeups(queue, most_messages, messages)
return 1
