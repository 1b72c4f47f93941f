-- Give the lane up. Turns that this holder took and did not settle are as if never taken, unless it `died`: then the
-- batch stays marked as held, for the next holder to bisect, and the lane rests a moment before it is ready. Where Redis
-- `refused` a step it rests as well, for longer each time. In any case wake-up messages are put down where lanes are ready,
-- whether the lane was still ours or not: a drain has ended.
-- KEYS lease, lane, waiting list, owned, erasing, queue
-- ARGV token, lane, turn prefix, status prefix, how it ends ('', 1: it died, refused), rest_ms, retention_s, longest_ms (of a rest),
--   how many wake-up messages there may be, some ...
-- with _clock
-- with _due
-- with _ready
local lease, lane, waiting, owned, erasing, queue = unpack(KEYS)
local messages = { unpack(ARGV, 10) }
if redis.call('GET', lease) ~= ARGV[1] then
  ring(queue, ARGV[9], messages)
  return 0
end
local died, refused = ARGV[5] == '1', ARGV[5] == 'refused'
-- An erase gives the turns of the worker that it took the lane from back too: that worker has not died.
local is_erase = redis.call('GET', erasing) == ARGV[1]
if not died and (is_erase or redis.call('HGET', lane, 'holder') == ARGV[1]) then
  local held = tonumber(redis.call('HGET', lane, 'held') or '0')
  for _, id in ipairs(held > 0 and redis.call('LRANGE', waiting, 0, held - 1) or {}) do
    local turn = ARGV[3] .. id
    local stamp = redis.call('HGET', turn, 'accepted_us')
    redis.call('ZREM', ARGV[4] .. 'running', id)
    if stamp then -- else it is lost: `take` counts it
      redis.call('HINCRBY', turn, 'attempts', -1)
      redis.call('ZADD', ARGV[4] .. 'queued', stamp, id)
      redis.call('HSET', turn, 'status', 'queued')
    end
  end
  redis.call('HDEL', lane, 'held', 'holder')
end
redis.call('DEL', lease, erasing)
due_by_first(waiting, ARGV[3]) -- an erase may have taken turns out of the list
local now_ms = look().monotonic_ms
local wake_ms = tonumber(redis.call('HGET', lane, 'wake_us') or '0') / 1000
if redis.call('LLEN', waiting) == 0 then
  fall_asleep(ARGV[2])
  redis.call('EXPIRE', lane, ARGV[7])
  redis.call('EXPIRE', owned, ARGV[7])
elseif died then
  look_at(ARGV[2], now_ms + ARGV[6])
elseif refused then
  local refusals = redis.call('HINCRBY', lane, 'failures', 1)
  look_at(ARGV[2], now_ms + math.min(tonumber(ARGV[8]), ARGV[6] * 2 ^ math.min(refusals - 1, 20)))
elseif wake_ms > now_ms then -- it backs off, and was edited meanwhile
  look_at(ARGV[2], wake_ms)
else
  make_ready(ARGV[2], now_ms)
end
ring(queue, ARGV[9], messages)
return 1
