-- Takes a lease on the function for an incarnation. ARGV: the incarnation.
if redis.call('HGET', leases, ARGV[1]) == '0' then return lease_lost() end
redis.call('HDEL', leases, '')  -- as heartbeat.lua has it
redis.pcall('XGROUP', 'CREATE', stream, 'e', '0', 'MKSTREAM')
redis.call('HSET', leases, ARGV[1], '1')
return redis.status_reply('OK')
