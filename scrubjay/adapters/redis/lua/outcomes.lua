-- What became of others' calls in the step in which a batch has just failed.
-- KEYS lease, lane, waiting list, outcomes, marks
-- ARGV token, turn prefix, owner, the owner that stands for a probe, 1: a turn dies of it though there were few to compare with
-- Returns { } where the lease is another's, else { turns in the batch, most counted tries of one of them,
--   answered to others, failed for others, how many others failed (turns, where they were asked about alone, else owners),
--   1 where a turn may die though there were few to compare with }
-- with _clock
local lease, lane, waiting, outcomes, marks = unpack(KEYS)
local token, turn_prefix, lane_owner, probe, is_death = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('GET', lease) ~= token then return {} end
local now_ms = look().monotonic_ms
if is_death == '1' then
  local last_ms, last_answer_ms = unpack(redis.call('HMGET', marks, 'death_ms', 'answered_ms'))
  if not last_ms or tonumber(last_answer_ms or '0') > tonumber(last_ms) then redis.call('HDEL', marks, 'deaths') end
  redis.call('HINCRBY', marks, 'deaths', 1)
  redis.call('HSET', marks, 'death_ms', digits(now_ms))
  redis.call('EXPIRE', marks, 172800)
end
local batch_size, ours, tries = tonumber(redis.call('HGET', lane, 'held') or '0'), {}, 0
for _, id in ipairs(batch_size > 0 and redis.call('LRANGE', waiting, 0, batch_size - 1) or {}) do
  ours[id] = true
  tries = math.max(tries, tonumber(redis.call('HGET', turn_prefix .. id, 'tries') or '0'))
end
-- Since this lane's last failure, but of a minute at least and of ten at most.
local since_ms = math.min(tonumber(redis.call('HGET', lane, 'tried_ms') or now_ms), now_ms - 60000)
since_ms = math.max(since_ms, now_ms - 600000)
local answered, failed, failing, several = 0, 0, {}, 0
for _, line in ipairs(redis.call('LRANGE', outcomes, 0, 255)) do
  local at, owner, turn, is_answer = string.match(line, '^(%d+) (%S*) (%S*) (%d)$')
  if at and tonumber(at) >= since_ms then
    -- Another turn of this owner is another's, too, if it was asked about alone.
    local is_other = owner ~= lane_owner or (turn ~= '' and not ours[turn])
    if is_other and is_answer == '0' then
      failed = failed + 1
      if not failing[owner .. turn] then failing[owner .. turn], several = true, several + 1 end
    end
    if is_other and is_answer == '1' and owner ~= probe then answered = answered + 1 end
  end
end
-- Where only probes are answered, no more than three turns die before a turn is answered, or in six hours.
local death_ms, answered_ms, deaths = unpack(redis.call('HMGET', marks, 'death_ms', 'answered_ms', 'deaths'))
local may_die = not death_ms or tonumber(answered_ms or '0') > tonumber(death_ms) or now_ms - death_ms > 21600000
  or tonumber(deaths or '0') < 3
return { batch_size, tries, answered, failed, several, may_die and 1 or 0 }
