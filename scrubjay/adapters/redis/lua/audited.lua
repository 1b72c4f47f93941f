-- Note down that ledgers were audited.
-- KEYS audit; ARGV cursor, how much more the backlog counter says than waits ('' when that was not counted)
local audit = KEYS[1]
local cursor, drift = ARGV[1], ARGV[2]
local time = redis.call('TIME')
redis.call('HINCRBY', audit, 'audits', 1)
redis.call('HSET', audit, 'cursor', cursor, 'at_us', string.format('%.0f', time[1] * 1000000 + time[2]))
if drift ~= '' then redis.call('HSET', audit, 'drift', drift) end
return 1
