-- Note down that Redis' clock has jumped. Of processes that saw the same jump one counts.
-- ARGV by how many ms, negative for back
-- with _clock
local jump_ms = tonumber(ARGV[1])
local clock = look()
local last = redis.call('HMGET', CLOCK, 'jump_ms', 'jump_noted_ms')
local is_known = last[1] and math.abs(last[1] - jump_ms) < 1000 and clock.monotonic_ms - last[2] < 60000
if is_known then return 0 end
redis.call('HINCRBY', CLOCK, 'jumps', 1)
redis.call('HSET', CLOCK, 'jump_ms', digits(jump_ms), 'jump_noted_ms', digits(clock.monotonic_ms))
return 1
