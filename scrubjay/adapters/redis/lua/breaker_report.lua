-- What became of a call. Only calls made under the present opening count, so one outage is not counted once a call.
-- The last outcomes of each step of remembering are kept with whose they were, for `outcomes` to compare.
-- KEYS breaker, calls, [outcomes, marks of the step]
-- ARGV call, opening, outcome (answered, failed, refused or left), reason, asked_ms, threshold, base_ms, longest_ms,
--   whole (more calls at once than this are not counted any more), keep_ms, owner (empty: not known), turn (if it is one),
--   the owner that stands for a probe
-- Returns the ms for which it opens, 0 when it does not.
-- with _clock
local breaker, calls, outcomes, marks = unpack(KEYS)
local call, opening, outcome, reason, retry_after_ms, threshold = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local base_ms, longest_ms, whole, keep_ms, owner, turn = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local probe = ARGV[13]
threshold, whole, keep_ms = tonumber(threshold), tonumber(whole), tonumber(keep_ms)
local LATELY_MS = 30000

-- How many calls of this step were answered lately, probes aside.
local function answered_lately()
  local count, since_ms = 0, look().monotonic_ms - LATELY_MS
  for _, line in ipairs(outcomes and redis.call('LRANGE', outcomes, 0, 255) or {}) do
    local at, who, is_answer = string.match(line, '^(%d+) (%S*) %S* (%d)$')
    if at and tonumber(at) >= since_ms and is_answer == '1' and who ~= probe then count = count + 1 end
  end
  return count
end
redis.call('ZREM', calls, call)
if outcomes and (outcome == 'answered' or outcome == 'failed') then
  local now = digits(look().monotonic_ms)
  local line = { now, owner, turn, outcome == 'answered' and '1' or '0' }
  redis.call('LPUSH', outcomes, table.concat(line, ' '))
  redis.call('LTRIM', outcomes, 0, 255)
  redis.call('EXPIRE', outcomes, 1200)
  if outcome == 'answered' and owner ~= probe then
    redis.call('HSET', marks, 'answered_ms', now)
    redis.call('EXPIRE', marks, 172800)
  end
end
local row = redis.call('HMGET', breaker, 'opened_us', 'limit', 'owner')
local opened, limit = row[1] or '', tonumber(row[2] or '0')
if outcome == 'left' or opened ~= opening then return 0 end

if outcome == 'answered' then
  if opened == '' or limit >= whole then
    redis.call('DEL', breaker, calls)
  else
    redis.call('HSET', breaker, 'limit', limit + 1, 'pauses', 0)
    redis.call('HDEL', breaker, 'since_us', 'opened_by')
    redis.call('PEXPIRE', breaker, keep_ms)
  end
  return 0
end
if outcome == 'failed' then
  local enough
  if opened == '' then
    -- Failures of one owner alone may be his own doing.
    local several = owner == '' or (row[3] and row[3] ~= owner)
    redis.call('HSET', breaker, 'owner', several and '' or owner)
    local failures = redis.call('HINCRBY', breaker, 'failures', 1)
    -- Nor is it an outage where a few fail at one moment of many that are answered: then as many must fail in a row.
    enough = failures >= threshold and several and failures >= answered_lately()
  else
    -- Half as many calls at once; a failure of the only one opens again.
    enough = limit <= 1
    if not enough then redis.call('HSET', breaker, 'limit', math.floor(limit / 2)) end
  end
  if not enough then
    redis.call('PEXPIRE', breaker, keep_ms)
    return 0
  end
end
local pauses = redis.call('HINCRBY', breaker, 'pauses', 1)
local pause_ms = math.min(tonumber(longest_ms), base_ms * 2 ^ math.min(pauses - 1, 20))
pause_ms = math.floor(math.max(pause_ms, tonumber(retry_after_ms)))
local clock = look()
local until_ms = clock.monotonic_ms + pause_ms
-- Until the next answer, however often it opens again.
redis.call('HSETNX', breaker, 'since_us', digits(clock.now_us))
redis.call('HSET', breaker, 'opened_us', digits(clock.now_us),
  'until_ms', string.format('%.0f', until_ms), 'limit', 1, 'reason', reason, 'pause_ms', pause_ms)
if owner == '' or opened == '' then redis.call('HDEL', breaker, 'opened_by') else redis.call('HSET', breaker, 'opened_by', owner) end
redis.call('PEXPIRE', breaker, pause_ms + keep_ms)
return pause_ms
