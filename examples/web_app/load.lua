-- The load of scripts/demo_web.sh, for wrk: mostly pages and orders, some logins, now and then a report, and seldom what
-- is broken. Every session that a login gives is logged out later.

local desktop, report, broken
local sessions = {}
local sent = 0

function init(arguments)
  desktop = wrk.format("GET", "/desktop")
  report = wrk.format("GET", "/report")
  broken = wrk.format("GET", "/broken")
end

local function login()
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", "/login", headers, "user=user_" .. math.random(100))
end

local function logout(session)
  return wrk.format("POST", "/logout", { ["Cookie"] = "session=" .. session }, "")
end

function request()
  sent = sent + 1
  if sent % 1000 == 0 then return broken end
  if sent % 50 == 0 then return report end
  if sent % 20 == 0 then return login() end
  if sent % 20 == 10 and #sessions > 0 then return logout(table.remove(sessions)) end
  if sent % 3 == 0 then return wrk.format("GET", "/orders/" .. math.random(1000)) end
  return desktop
end

function response(status, headers, body)
  local cookie = headers["Set-Cookie"]
  local session = cookie and cookie:match("^session=(%x+)")
  if session then sessions[#sessions + 1] = session end
end
