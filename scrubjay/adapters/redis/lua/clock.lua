-- The clocks, for whoever watches.
-- Returns { Redis' time in us, the monotonic clock in ms as it would be had somebody looked all the time, how often Redis'
-- clock has jumped, by how many ms it jumped last if that was within a day }
-- with _clock
local clock = peek()
local jumps, jump_ms, noted_ms = unpack(redis.call('HMGET', CLOCK, 'jumps', 'jump_ms', 'jump_noted_ms'))
local is_recent = jump_ms and clock.monotonic_ms - noted_ms < 86400000
return { digits(clock.now_us), digits(clock.monotonic_ms + math.max(0, math.floor((clock.since_us - clock.passed_us) / 1000))), jumps or '0',
  is_recent and jump_ms or '0' }
