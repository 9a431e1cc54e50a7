-- Accepts calls, or says of each why not.
-- ARGV: how many the function may have; then for each call: its due time in ms, or 0 for at once;
-- whether the limit holds for it (1) or not (0); the call.
-- Returns {1 accepted, 0 no room, -1 its name is in use, for each; the stand}.
local depth_max = tonumber(ARGV[1])
local depth = redis.call('XLEN', stream) + redis.call('ZCARD', delayed)
local results, accepted = {}, 0

local function accept(due, limited, call)
  if limited == '1' and depth >= depth_max then return 0 end
  local name = name_of(call)
  if name ~= '' and redis.call('HSETNX', names, name, call:sub(1, 16)) == 0 then return -1 end
  if due == '0' then
    redis.call('XADD', stream, '*', 'c', call)
  else
    redis.call('ZADD', delayed, due, call)
  end
  depth, accepted = depth + 1, accepted + 1
  return 1
end

for i = 2, #ARGV, 3 do results[#results + 1] = accept(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
count('accepted', accepted)
return {results, stand()}
