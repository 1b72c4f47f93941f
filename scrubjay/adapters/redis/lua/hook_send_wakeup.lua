-- Send a message for one webhook that is due, unless somebody is at it. It goes to the front of the queue.
-- KEYS awake, webhooks that are due, queue
-- ARGV tenant:webhook, message, for how long nobody else sends one (ms), leave (1: whoever was at it stops), how many
-- messages there may be in the queue
-- with _clock
local awake, dues, queue = unpack(KEYS)
local own, message, awake_ms, leave, most_messages = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if leave == '1' then redis.call('DEL', awake) end
-- Where Redis' clock has gone back, it would be told to last for longer than anybody says so.
local left_ms = redis.call('PTTL', awake)
if left_ms ~= -2 and left_ms <= tonumber(awake_ms) then return 0 end
local due = redis.call('ZSCORE', dues, own)
if not due or tonumber(due) > look().monotonic_ms then return 0 end
if redis.call('LLEN', queue) >= tonumber(most_messages) then return 0 end
redis.call('SET', awake, 1, 'PX', awake_ms)
redis.call('RPUSH', queue, message)
return 1
