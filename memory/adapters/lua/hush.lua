-- Take the bells of some lanes out of the queue. One chunk, from the side on which bells are put down: what is put down
-- meanwhile moves the others on, so none is passed over.
-- KEYS queue; ARGV rank, most, bodies of the bells ...
-- Returns how many were looked at (fewer than `most`: the end was reached), and how many of them were taken out.
local wanted = {}
for i = 3, #ARGV do wanted[ARGV[i]] = true end
local bells, taken = redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1), 0
for _, bell in ipairs(bells) do
  local body = string.match(bell, '"body": ?"([^"]*)"')
  if body and wanted[body] then taken = taken + redis.call('LREM', KEYS[1], 1, bell) end
end
return { #bells, taken }
