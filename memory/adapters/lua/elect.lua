-- Let one process through each time: the first to ask since the last term ended. Whoever is refused writes nothing.
-- KEYS sweeper; ARGV term_ms
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[1]) -- nothing to delete; with it the term can be set when Redis is full, too
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
return 1
