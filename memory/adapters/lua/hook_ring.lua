-- Ring for one webhook that is due, unless somebody is at it. KEYS awake, webhooks that are due, bell queue
-- ARGV tenant:webhook, bell, for how long nobody else rings (ms), leave (1: whoever was at it stops)
local awake, dues, queue = unpack(KEYS)
if ARGV[4] == '1' then redis.call('DEL', awake) end
if redis.call('EXISTS', awake) == 1 then return 0 end
local time = redis.call('TIME')
local due = redis.call('ZSCORE', dues, ARGV[1])
if not due or tonumber(due) > time[1] * 1000 + math.floor(time[2] / 1000) then return 0 end
redis.call('SET', awake, 1, 'PX', ARGV[3])
redis.call('LPUSH', queue, ARGV[2])
return 1
