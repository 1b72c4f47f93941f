-- Take some lanes by force to erase in them: whoever works on one fails its next check. Where another erase has one, that
-- one and those after it are not taken: the lanes come in the same order to everybody, so that no two wait for each other.
-- KEYS of each lane: lease, erasing
-- ARGV lease_ms, the lanes ...
-- Returns { token, Redis' time in us, how many were taken }, or 'unseeded' where the order is not known.
-- with _clock
-- with _lease
-- with _ready
local lease_ms = ARGV[1]
local clock = look()
if not clock.seeded then return 'unseeded' end
local token, now, until_ms = next_order(clock), digits(clock.now_us), clock.monotonic_ms + lease_ms
for i = 2, #ARGV do
  local lease, erasing = KEYS[2 * i - 3], KEYS[2 * i - 2]
  local other = redis.call('GET', erasing)
  if other and is_held(lease, lease_ms) and redis.call('GET', lease) == other then return { token, now, i - 2 } end
  redis.call('SET', lease, token, 'PX', lease_ms)
  redis.call('SET', erasing, token, 'PX', lease_ms)
  look_at(ARGV[i], until_ms)
end
return { token, now, #ARGV - 1 }
