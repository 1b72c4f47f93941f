-- Forget deliveries, whatever has become of them. ARGV tenant, the deliveries' ids ...; returns how many there were.
-- with _clock
-- with _deliveries
local tenant = ARGV[1]
local now_ms, dropped = look().monotonic_ms, 0
for i = 2, #ARGV do
  local id = ARGV[i]
  local names = names_of(tenant, string.match(id, '^(.*)%-'))
  local lane = redis.call('HGET', names.delivery .. id, 'lane')
  dropped = dropped + redis.call('DEL', names.delivery .. id)
  redis.call('ZREM', names.done, id)
  if redis.call('ZREM', names.waiting, id) == 1 then redis.call('HINCRBY', names.counts, 'waiting', -1) end
  if lane then
    local first = redis.call('LINDEX', names.lane .. lane, 0) == id
    redis.call('LREM', names.lane .. lane, 1, id) -- of a whole owner it is the first
    if first then put_lane(names, lane, now_ms) end
  end
end
return dropped
