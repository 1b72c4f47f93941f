-- Let one process through each time: the first to ask since the last term ended. Whoever is refused writes nothing.
-- KEYS sweeper; ARGV term_ms
-- Returns nothing, or { the monotonic clock in ms, Redis' time in us }
-- with _clock
local left_ms = redis.call('PTTL', KEYS[1])
-- Where Redis' clock has gone back, a term would last for longer than terms do.
if left_ms ~= -2 and left_ms <= tonumber(ARGV[1]) then return false end
redis.call('DEL', KEYS[1]) -- it may have nothing to delete; with it the rest can be written when Redis is full, too
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
local clock = look()
note_time(clock)
return { digits(clock.monotonic_ms), digits(clock.now_us) }
