-- Since when do parts not work? The first process that notices it sets the moment, for all of them.
-- KEYS one for each part; ARGV how many of them do not work (the others work again), keep_s. Returns us of each of the first
local count, keep_s = tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now, since = string.format('%.0f', time[1] * 1000000 + time[2]), {}
for i = 1, count do
  redis.call('SET', KEYS[i], now, 'NX', 'EX', keep_s)
  redis.call('EXPIRE', KEYS[i], keep_s)
  since[i] = redis.call('GET', KEYS[i])
end
for i = count + 1, #KEYS do redis.call('DEL', KEYS[i]) end
return since
