-- Let deliveries be sent now: one that waits at once, one that is done once more. ARGV tenant, the deliveries' ids ...
-- Returns how many there were.
-- with _clock
-- with _deliveries
local tenant = ARGV[1]
local now_ms, count = look().monotonic_ms, 0
for i = 2, #ARGV do
  local id = ARGV[i]
  local names = names_of(tenant, string.match(id, '^(.*)%-'))
  local delivery = names.delivery .. id
  local status, lane = unpack(redis.call('HMGET', delivery, 'status', 'lane'))
  if status then
    count = count + 1
    redis.call('HDEL', delivery, 'due_ms', 'due_us')
    redis.call('DEL', names.rest)
    if status ~= 'waiting' then
      redis.call('HSET', delivery, 'status', 'waiting', 'attempts', 0)
      redis.call('HDEL', delivery, 'code', 'error', 'done_us')
      redis.call('PERSIST', delivery)
      redis.call('ZADD', names.waiting, redis.call('ZSCORE', names.done, id), id)
      redis.call('ZREM', names.done, id)
      redis.call('HINCRBY', names.counts, 'waiting', 1)
      redis.call('RPUSH', names.lane .. lane, id)
    end
    if redis.call('LINDEX', names.lane .. lane, 0) == id then put_lane(names, lane, now_ms) end
  end
end
return count
