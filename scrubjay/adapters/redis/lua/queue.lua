-- How the queue is, in one step and a few commands, however much waits. It looks at the clock, as the sweep does, so that
-- time goes on while no worker runs.
-- KEYS due, workers; ARGV seen_ms (a worker was seen so shortly ago)
-- Returns { lanes with work, of them backing off, ms for which the oldest due turn is due or -1, workers }
-- with _clock
local due, workers = KEYS[1], KEYS[2]
local seen_ms = ARGV[1]
local clock = look()
note_time(clock)
local now_ms = digits(clock.monotonic_ms)
local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
local due_ms = first[2] and clock.monotonic_ms - tonumber(first[2]) or -1
return { redis.call('ZCARD', due), redis.call('ZCOUNT', due, '(' .. now_ms, '+inf'), math.max(due_ms, -1),
  redis.call('ZCOUNT', workers, digits(clock.monotonic_ms - seen_ms), '+inf') }
