-- Since when do parts not work? The first process that notices it sets the moment, for all of them.
-- KEYS one for each part; ARGV how many of them do not work (the others work again), keep_s. Returns us of each of the first
local time = redis.call('TIME')
local now, count, since = string.format('%.0f', time[1] * 1000000 + time[2]), tonumber(ARGV[1]), {}
for i = 1, count do
  redis.call('SET', KEYS[i], now, 'NX', 'EX', ARGV[2])
  redis.call('EXPIRE', KEYS[i], ARGV[2])
  since[i] = redis.call('GET', KEYS[i])
end
for i = count + 1, #KEYS do redis.call('DEL', KEYS[i]) end
return since
