-- Book an answered call: the tenant's totals by model, and each turn's part. A turn took part in the whole call; tokens
-- and cost are shared out, and what does not divide goes to the first ones, so that the shares add up.
-- KEYS usage, turns ...; ARGV model, calls, embeddings, prompt tokens, completion tokens, embedding tokens, nano USD or ''
local usage = KEYS[1]
local model = ARGV[1]
local names = { 'calls', 'embeddings', 'prompt_tokens', 'completion_tokens', 'embedding_tokens', 'cost_nusd' }
local whole = { calls = true, embeddings = true }
for i, name in ipairs(names) do
  local value = tonumber(ARGV[i + 1])
  if value then
    if value > 0 or name == 'cost_nusd' then
      redis.call('HINCRBY', usage, model .. '|' .. name, string.format('%.0f', value))
    end
    local turns = #KEYS - 1
    for n = 1, turns do
      local share = whole[name] and value or math.floor(value / turns) + ((n <= value % turns) and 1 or 0)
      local status = redis.call('HGET', KEYS[n + 1], 'status')
      if status and status ~= 'erased' then
        redis.call('HINCRBY', KEYS[n + 1], 'used_' .. name, string.format('%.0f', share))
      end
    end
  end
end
return 1
