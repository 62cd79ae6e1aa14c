#pragma once

// What the service answers.

#include <statwire/instrumented_server.hpp>

#include "web_app/users.hpp"

namespace web_app {

/// Adds the routes, each of them measured:
///
///   GET /desktop          a little work
///   GET /orders/(\d+)     more work
///   GET /report           waits for a slow store
///   GET /broken           fails: 500
///   POST /users           name=...: a new account
///   POST /login           user=...: a session, in the cookie `session`
///   POST /logout          ends the session of the cookie
///
/// `users` must outlive the server.
void add_routes(statwire::InstrumentedServer<>& server, Users& users);

}  // namespace web_app
