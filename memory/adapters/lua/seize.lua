-- Take some lanes by force to erase in them: whoever works on one fails its next check. Where another erase has one, that
-- one and those after it are not taken: the lanes come in the same order to everybody, so that no two wait for each other.
-- KEYS lanes, fence, then of each lane: lease, erasing
-- ARGV lease_ms, the lanes ...
-- Returns { token, how many were taken }
local time = redis.call('TIME')
local now_us, last = time[1] * 1000000 + time[2], tonumber(redis.call('GET', KEYS[2]) or '0')
local token = string.format('%.0f', now_us > last and now_us or last + 1)
redis.call('SET', KEYS[2], token)
local until_ms = math.floor(now_us / 1000) + ARGV[1]
for i = 2, #ARGV do
  local lease, erasing = KEYS[2 * i - 1], KEYS[2 * i]
  local other = redis.call('GET', erasing)
  if other and other == redis.call('GET', lease) then return { token, i - 2 } end
  redis.call('SET', lease, token, 'PX', ARGV[1])
  redis.call('SET', erasing, token, 'PX', ARGV[1])
  redis.call('ZADD', KEYS[1], 'XX', until_ms, ARGV[i])
end
return { token, #ARGV - 1 }
