-- Take a lane by force: whoever held it fails its next check.
-- KEYS lease, lanes; ARGV lane, lease_ms
-- Returns { token, Redis' time in us }, or 'unseeded' where the order is not known.
-- with _clock
local clock = look()
if not clock.seeded then return 'unseeded' end
local token = next_order(clock)
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], 'XX', clock.monotonic_ms + ARGV[2], ARGV[1])
return { token, digits(clock.now_us) }
