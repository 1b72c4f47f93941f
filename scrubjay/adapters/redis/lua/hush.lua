-- Take some bells out of one part of the queue. All of them are taken out at once, as each alone would be looked for from
-- the queue's head.
-- KEYS queue; ARGV rank, most, bells ...
-- Returns how many were taken out; what was moved on out of this part meanwhile is not.
local wanted, taken = {}, 0
for i = 3, #ARGV do wanted[ARGV[i]] = true end
for i, bell in ipairs(redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1)) do
  if wanted[bell] then
    redis.call('LSET', KEYS[1], ARGV[1] + i - 1, '')
    taken = taken + 1
  end
end
if taken > 0 then redis.call('LREM', KEYS[1], taken, '') end
return taken
