-- Let the order counter begin after everything that the store holds. ARGV the greatest number in the store
-- with _clock
local greatest = ARGV[1]
local order = math.max(look().order, tonumber(greatest))
redis.call('HSET', CLOCK, 'order', digits(order), 'seeded', 1)
return 1
