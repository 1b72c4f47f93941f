-- Drop from a set of turns by time those whose hashes have ended. One chunk, from a rank on.
-- KEYS set; ARGV turn prefix, oldest_us (only turns accepted before), rank, most
-- Returns how many were looked at (fewer than `most`: the end was reached), and how many of them were dropped.
local rows = redis.call('ZRANGE', KEYS[1], ARGV[3], ARGV[3] + ARGV[4] - 1, 'WITHSCORES')
local seen, ended, oldest_us = 0, {}, tonumber(ARGV[2])
for i = 1, #rows, 2 do
  if tonumber(rows[i + 1]) >= oldest_us then break end
  seen = seen + 1
  if redis.call('EXISTS', ARGV[1] .. rows[i]) == 0 then ended[#ended + 1] = rows[i] end
end
if #ended > 0 then redis.call('ZREM', KEYS[1], unpack(ended)) end
return { seen, #ended }
