-- A transient failure: the attempt is given back and the lane sleeps. The plan, if there is one, stays. Where it is
-- `counted` against the batch, the attempt is not given back, and the turns of several are tried one by one from now on.
-- KEYS lease, lane, waiting list, lanes
-- ARGV token, lane, turn prefix, status prefix, error, base_ms, max_ms, asked_ms, jitter in [0, 1), error for the history, counted (1)
-- with _history
-- with _clock
-- with _due
local lease, lane, waiting, lanes = unpack(KEYS)
if redis.call('GET', lease) ~= ARGV[1] then return -1 end
local held, counted = tonumber(redis.call('HGET', lane, 'held') or '0'), ARGV[11] == '1'
for _, id in ipairs(held > 0 and redis.call('LRANGE', waiting, 0, held - 1) or {}) do
  local turn = ARGV[3] .. id
  local stamp = redis.call('HGET', turn, 'accepted_us')
  redis.call('ZREM', ARGV[4] .. 'running', id)
  if stamp then -- else it is lost: `take` counts it
    if counted then
      redis.call('HINCRBY', turn, 'tries', 1)
      note_down(turn, 'failed', ARGV[10], held, tonumber(redis.call('HGET', turn, 'attempts')))
    else
      note_down(turn, 'postponed', ARGV[10], held, redis.call('HINCRBY', turn, 'attempts', -1) + 1)
    end
    redis.call('ZADD', ARGV[4] .. 'retrying', stamp, id)
    redis.call('HSET', turn, 'status', 'retrying', 'error', ARGV[5])
  end
end
local failures = redis.call('HINCRBY', lane, 'failures', 1)
local delay = math.min(tonumber(ARGV[7]), ARGV[6] * 2 ^ math.min(failures - 1, 20))
delay = math.max(delay * (0.5 + ARGV[9] / 2), tonumber(ARGV[8]))
local now_ms = look().monotonic_ms
local wake_ms = now_ms + math.floor(delay)
if counted and held > 1 then redis.call('HSET', lane, 'single', held) end
redis.call('HSET', lane, 'tried_ms', digits(now_ms))
redis.call('HSET', lane, 'wake_us', digits(wake_ms * 1000))
redis.call('HDEL', lane, 'held', 'holder')
redis.call('ZADD', lanes, wake_ms, ARGV[2])
due_after_pause(waiting, wake_ms)
redis.call('DEL', lease)
return math.floor(delay)
