-- Drop from a set of turns by time those whose hashes have ended. One chunk, from a rank on.
-- KEYS set; ARGV turn prefix, oldest_us (only turns accepted before), rank, most
-- Returns how many were looked at (fewer than `most`: the end was reached), and how many of them were dropped.
local set = KEYS[1]
local turn_prefix, oldest_us, rank, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local rows = redis.call('ZRANGE', set, rank, rank + most - 1, 'WITHSCORES')
local seen, ended = 0, {}
oldest_us = tonumber(oldest_us)
for i = 1, #rows, 2 do
  if tonumber(rows[i + 1]) >= oldest_us then break end
  seen = seen + 1
  if redis.call('EXISTS', turn_prefix .. rows[i]) == 0 then ended[#ended + 1] = rows[i] end
end
if #ended > 0 then redis.call('ZREM', set, unpack(ended)) end
return { seen, #ended }
