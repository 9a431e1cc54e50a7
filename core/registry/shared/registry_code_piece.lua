-- Puts one piece of a zip behind those that are there. They vanish by themselves unless a change
-- that names them is committed: so both are one step, or a piece might stay for ever.
-- KEYS: the code's. ARGV: the piece; for how many seconds it stays, from the last piece on.
-- Returns how many pieces there are now.
local pieces = redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return pieces
