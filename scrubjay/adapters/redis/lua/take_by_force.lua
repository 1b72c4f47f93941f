-- Take some lanes by force to erase in them: whoever works on one fails its next check. Where another erase has one, that
-- one and those after it are not taken: the lanes come in the same order to everybody, so that no two wait for each other.
-- KEYS of each lane: lease, erasing
-- ARGV lease_ms, what tells the key of lane names from others, the lanes ...
-- Returns { token, Redis' time in us, how many were taken }, 'renamed' where lanes are named with another key, or 'unseeded' where
-- the order is not known.
-- with _clock
-- with _lease
-- with _ready
-- with _lane_names
local lease_ms, key_id = ARGV[1], ARGV[2]
local OPTIONS = 2
if not names_lanes(key_id) then return 'renamed' end
local clock = look()
if not clock.seeded then return 'unseeded' end
local token, now, until_ms = next_order(clock), digits(clock.now_us), clock.monotonic_ms + lease_ms
for i = 1, #ARGV - OPTIONS do
  local lease, erasing = KEYS[2 * i - 1], KEYS[2 * i]
  local other = redis.call('GET', erasing)
  if other and is_held(lease, lease_ms) and redis.call('GET', lease) == other then return { token, now, i - 1 } end
  redis.call('SET', lease, token, 'PX', lease_ms)
  redis.call('SET', erasing, token, 'PX', lease_ms)
  look_at(ARGV[OPTIONS + i], until_ms)
end
return { token, now, #ARGV - OPTIONS }
