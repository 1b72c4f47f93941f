-- Let one process through each time: the first to ask since the last term ended. Whoever is refused writes nothing.
-- KEYS sweeper; ARGV term_ms
-- Returns nothing, or { the monotonic clock in ms, Redis' time in us }
-- with _clock
local sweeper = KEYS[1]
local term_ms = ARGV[1]
local left_ms = redis.call('PTTL', sweeper)
-- Where Redis' clock has gone back, a term would last for longer than terms do.
if left_ms ~= -2 and left_ms <= tonumber(term_ms) then return false end
redis.call('DEL', sweeper) -- it may have nothing to delete; with it the rest can be written when Redis is full, too
redis.call('SET', sweeper, 1, 'PX', term_ms)
local clock = look()
note_time(clock)
return { digits(clock.monotonic_ms), digits(clock.now_us) }
