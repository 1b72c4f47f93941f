-- Give the lane up. Turns that this holder took and did not settle are as if never taken, unless it `died`: then the
-- batch stays marked as held, for the next holder to bisect, and the lane rests a moment before it is ready. In any case
-- wake-up messages are put down where lanes are ready, whether the lane was still ours or not: a drain has ended.
-- KEYS lease, lane, waiting list, owned, erasing, queue
-- ARGV token, lane, turn prefix, status prefix, died, rest_ms, retention_s, how many wake-up messages there may be, some ...
-- with _clock
-- with _due
-- with _ready
local lease, lane, waiting, owned, erasing, queue = unpack(KEYS)
local messages = { unpack(ARGV, 9) }
if redis.call('GET', lease) ~= ARGV[1] then
  ring(queue, ARGV[8], messages)
  return 0
end
local died = ARGV[5] == '1'
-- An erase gives the turns of the worker that it took the lane from back too: that worker has not died.
local is_erase = redis.call('GET', erasing) == ARGV[1]
if not died and (is_erase or redis.call('HGET', lane, 'holder') == ARGV[1]) then
  local held = tonumber(redis.call('HGET', lane, 'held') or '0')
  for _, id in ipairs(held > 0 and redis.call('LRANGE', waiting, 0, held - 1) or {}) do
    local turn = ARGV[3] .. id
    redis.call('HINCRBY', turn, 'attempts', -1)
    redis.call('ZREM', ARGV[4] .. 'running', id)
    redis.call('ZADD', ARGV[4] .. 'queued', redis.call('HGET', turn, 'accepted_us'), id)
    redis.call('HSET', turn, 'status', 'queued')
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
elseif wake_ms > now_ms then -- it backs off, and was edited meanwhile
  look_at(ARGV[2], wake_ms)
else
  make_ready(ARGV[2], now_ms)
end
ring(queue, ARGV[8], messages)
return 1
