-- Ends attempts, if the incarnation still has its lease.
-- ARGV: the incarnation; then for each: what to do (s settle, p postpone, r back to the ready
-- ones), the stream id, the new head of the call and when it is due again (both empty for s).
-- Returns {1 done, 0 it was not there, for each; the stand}.
local incarnation = ARGV[1]
if not holds_lease(incarnation) then return lease_lost() end
local results, settled, ended = {}, 0, 0

local function finish(what, id, head, due)
  if redis.call('XACK', stream, 'e', id) == 0 then return 0 end
  local entry = redis.call('XRANGE', stream, id, id)[1]
  ended = ended + 1
  if not entry then return 0 end
  redis.call('XDEL', stream, id)
  local call = entry[2][2]
  if what == 's' then
    local name = name_of(call)
    if name ~= '' then redis.call('HDEL', names, name) end
    settled = settled + 1
  elseif what == 'p' then
    redis.call('ZADD', delayed, due, head .. call:sub(40))
  else
    redis.call('XADD', stream, '*', 'c', head .. call:sub(40))
  end
  return 1
end

for i = 2, #ARGV, 4 do
  results[#results + 1] = finish(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
end
count('settled', settled)
count('claimed', -ended)
return {results, stand()}
