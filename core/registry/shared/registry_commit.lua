-- Makes one change, if nobody was faster.
-- KEYS: version, changes, services, functions, limits, async configs, triggers, kill switches,
-- stopped trees, custom domains, code that comes or goes.
-- ARGV: the version that the change was decided on; the channel; how many changes are kept; who
-- asks, as a word of their own for this change; its kind; its row; then steps of two or three:
--   put K F     the row, as field F of the K-th key
--   del K F     field F of the K-th key goes
--   keep K      code, which is kept from now on; without it nothing is done
--   drop K      code, which goes
-- Returns the new version; or minus the one that there is, minus 1, if it is another.
local version = tonumber(redis.call('GET', KEYS[1]) or 0)
if version ~= tonumber(ARGV[1]) then return -version - 1 end

local steps, at = {}, 7
while at <= #ARGV do
  local step = {what = ARGV[at], key = KEYS[tonumber(ARGV[at + 1])]}
  at = at + 2
  if step.what == 'put' or step.what == 'del' then
    step.field = ARGV[at]
    at = at + 1
  end
  if step.what == 'keep' and redis.call('EXISTS', step.key) == 0 then
    return redis.error_reply('CODEGONE the code that came with the change is not there any more')
  end
  steps[#steps + 1] = step
end

-- A server that is full refuses a script whose first write needs memory, and no later one: this
-- changes nothing, and lets a kill switch through.
redis.call('HDEL', KEYS[3], '')
-- The first that changes anything: if it fails, nothing was written.
version = version + 1
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], string.format('%.0f-0', version),
           'by', ARGV[4], 'kind', ARGV[5], 'row', ARGV[6])
redis.call('INCR', KEYS[1])
for _, step in ipairs(steps) do
  if step.what == 'put' then redis.call('HSET', step.key, step.field, ARGV[6]) end
  if step.what == 'del' then redis.call('HDEL', step.key, step.field) end
  if step.what == 'keep' then redis.call('PERSIST', step.key) end
  if step.what == 'drop' then redis.call('UNLINK', step.key) end
end
redis.call('PUBLISH', ARGV[2], string.format('%.0f', version))
return version
