-- The newest of some sorted sets together, read in one step: how many there are, and what one part of the list is made
-- of. What is read depends on the size of the part alone: a place far down is found by halving the range of the scores.
-- KEYS sets ...; ARGV size, offset, score of the item after which the part begins ('': take the offset)
-- Returns { how many there are, how many of the rows come before the part, { name, score, ... } of the sets in turn }.
local size, offset, after_score = ARGV[1], ARGV[2], ARGV[3]
local skip, top, count, low, high = tonumber(offset), after_score, 0, nil, nil
for _, set in ipairs(KEYS) do count = count + redis.call('ZCARD', set) end

local function within(least, most)
  local many = 0
  for _, set in ipairs(KEYS) do many = many + redis.call('ZCOUNT', set, least, most) end
  return many
end

if top == '' and skip > 0 then
  if skip >= count then return { count, 0, {} } end
  for _, set in ipairs(KEYS) do
    local first = tonumber(redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')[2])
    local last = tonumber(redis.call('ZRANGE', set, -1, -1, 'WITHSCORES')[2])
    if first then low, high = math.min(low or first, first), math.max(high or last, last) end
  end
  -- The greatest score such that it and what is greater are more than `skip`.
  while low < high do
    local middle = low + math.ceil((high - low) / 2)
    if within(string.format('%.0f', middle), '+inf') > skip then low = middle else high = middle - 1 end
  end
  top = string.format('%.0f', low)
  skip = skip - within('(' .. top, '+inf')
end
local rows, also = {}, skip
if after_score ~= '' then also = within(top, top) end -- of those of one score some were seen
for _, set in ipairs(KEYS) do
  local answer = redis.call('ZREVRANGEBYSCORE', set, top == '' and '+inf' or top, '-inf', 'WITHSCORES', 'LIMIT', 0, size + also)
  for _, cell in ipairs(answer) do rows[#rows + 1] = cell end
end
return { count, skip, rows }
