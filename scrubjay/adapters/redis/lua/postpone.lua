-- A transient failure: the attempt is given back and the lane sleeps. The plan, if there is one, stays. Where it is
-- `counted` against the batch, the attempt is not given back, and the turns of several are tried one by one from now on.
-- KEYS lease, lane, waiting list, lanes
-- ARGV token, lane, turn prefix, status prefix, error, base_ms, max_ms, asked_ms, jitter in [0, 1), error for the history, counted (1)
-- with _history
-- with _clock
-- with _due
local lease, lane, waiting, lanes = unpack(KEYS)
local token, lane_name, turn_prefix, status_prefix, error_text, base_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local longest_ms, retry_after_ms, jitter, history_error, counted = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
if redis.call('GET', lease) ~= token then return -1 end
local batch_size, counted = tonumber(redis.call('HGET', lane, 'held') or '0'), counted == '1'
for _, id in ipairs(batch_size > 0 and redis.call('LRANGE', waiting, 0, batch_size - 1) or {}) do
  local turn = turn_prefix .. id
  local stamp = redis.call('HGET', turn, 'accepted_us')
  redis.call('ZREM', status_prefix .. 'running', id)
  if stamp then -- else it is lost: `take` counts it
    if counted then
      redis.call('HINCRBY', turn, 'tries', 1)
      note_down(turn, 'failed', history_error, batch_size, tonumber(redis.call('HGET', turn, 'attempts')))
    else
      note_down(turn, 'postponed', history_error, batch_size, redis.call('HINCRBY', turn, 'attempts', -1) + 1)
    end
    redis.call('ZADD', status_prefix .. 'retrying', stamp, id)
    redis.call('HSET', turn, 'status', 'retrying', 'error', error_text)
  end
end
local failures = redis.call('HINCRBY', lane, 'failures', 1)
local delay = math.min(tonumber(longest_ms), base_ms * 2 ^ math.min(failures - 1, 20))
delay = math.max(delay * (0.5 + jitter / 2), tonumber(retry_after_ms))
local now_ms = look().monotonic_ms
local wake_ms = now_ms + math.floor(delay)
if counted and batch_size > 1 then redis.call('HSET', lane, 'single', batch_size) end
redis.call('HSET', lane, 'tried_ms', digits(now_ms))
redis.call('HSET', lane, 'wake_us', digits(wake_ms * 1000))
redis.call('HDEL', lane, 'held', 'holder')
redis.call('ZADD', lanes, wake_ms, lane_name)
due_after_pause(waiting, wake_ms)
redis.call('DEL', lease)
return math.floor(delay)
