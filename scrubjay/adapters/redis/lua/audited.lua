-- Note down that the books were looked through.
-- KEYS audit; ARGV cursor, how much more the backlog counter says than waits ('' when that was not counted)
local time = redis.call('TIME')
redis.call('HINCRBY', KEYS[1], 'audits', 1)
redis.call('HSET', KEYS[1], 'cursor', ARGV[1], 'at_us', string.format('%.0f', time[1] * 1000000 + time[2]))
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'drift', ARGV[2]) end
return 1
