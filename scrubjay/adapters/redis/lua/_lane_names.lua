-- Shared: whether lanes are named with the key that this Redis keeps. It is another one where Redis was emptied meanwhile.
local function names_lanes(key_id) return redis.call('HGET', KEY.lane_names, 'id') == key_id end
