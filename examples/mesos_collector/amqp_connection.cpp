#include "mesos_collector/amqp_connection.hpp"

#include <amqp_tcp_socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <new>
#include <statwire/error.hpp>
#include <system_error>
#include <utility>

namespace mesos_collector {
namespace {

using Clock = std::chrono::steady_clock;

constexpr amqp_channel_t channel = 1;
constexpr std::size_t longest_short_string = 255;

timeval duration(std::chrono::microseconds time) {
  constexpr std::chrono::microseconds second = std::chrono::seconds{1};
  return {.tv_sec = time / second, .tv_usec = (time % second).count()};
}

/// librabbitmq takes no time for no limit in some places.
timeval until(statwire::Deadline deadline) {
  using std::chrono::microseconds;
  const auto left = std::chrono::duration_cast<microseconds>(deadline - Clock::now());
  return duration(std::max(left, microseconds{1}));
}

/// librabbitmq does not change what it is given as void*.
amqp_bytes_t bytes(const std::string& text) {
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

std::string text(const amqp_bytes_t& bytes) {
  return bytes.len == 0 ? "" : std::string{static_cast<const char*>(bytes.bytes), bytes.len};
}

template <class Close>
std::string reason(const Close& close) {
  return std::to_string(close.reply_code) + " " + text(close.reply_text);
}

std::string reason(const amqp_method_t& method) {
  switch (method.id) {
    case AMQP_CONNECTION_CLOSE_METHOD:
      return reason(*static_cast<const amqp_connection_close_t*>(method.decoded));
    case AMQP_CHANNEL_CLOSE_METHOD:
      return reason(*static_cast<const amqp_channel_close_t*>(method.decoded));
    default:
      return "an answer that does not belong there";
  }
}

template <class Answer>
Confirm confirm(const void* decoded, bool is_taken) {
  const auto& answer = *static_cast<const Answer*>(decoded);
  return {.tag = answer.delivery_tag,
          .scope = answer.multiple != 0 ? Scope::up_to : Scope::one,
          .is_taken = is_taken};
}

amqp_table_entry_t entry(const char* name, amqp_field_value_t value) {
  return {.key = amqp_cstring_bytes(name), .value = value};
}

amqp_table_entry_t capability(const char* name) {
  return entry(name, {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = 1}});
}

}  // namespace

AmqpConnection::AmqpConnection(AmqpOptions options, OnConfirm on_confirm)
    : options_{std::move(options)}, on_confirm_{std::move(on_confirm)} {
  if (options_.vhost.size() > longest_short_string) {
    throw std::invalid_argument{"the name of a virtual host has up to 255 bytes, not " +
                                std::to_string(options_.vhost.size())};
  }
  const auto heartbeat = options_.heartbeat.count();
  if (heartbeat < 0 || heartbeat > std::numeric_limits<std::uint16_t>::max()) {
    throw std::invalid_argument{"a heartbeat of AMQP is 0 to 65535 seconds, not " +
                                std::to_string(heartbeat)};
  }
}

void AmqpConnection::open(const std::string& queue) {
  const statwire::Deadline deadline = Clock::now() + options_.timeout;
  blocked_.clear();
  state_.reset(amqp_new_connection());
  amqp_socket_t* const socket = state_ ? amqp_tcp_socket_new(state_.get()) : nullptr;
  if (socket == nullptr) throw std::bad_alloc{};
  amqp_tcp_socket_set_sockfd(socket, connect(deadline));
  log_in(deadline);
  open_channel(queue, deadline);
}

/// Returns a descriptor for librabbitmq to close.
int AmqpConnection::connect(statwire::Deadline deadline) {
  std::error_code ec = socket_.connect(options_.host, options_.port, deadline);
  const int descriptor = ec ? -1 : socket_.duplicate(ec);
  if (!ec) return descriptor;
  const bool is_late = ec == std::errc::timed_out;
  fail({.type = is_late ? "timeout" : "connect_failed", .message = "cannot connect: " + ec.message()});
}

void AmqpConnection::log_in(statwire::Deadline deadline) {
  const timeval timeout = until(deadline);
  amqp_set_handshake_timeout(state_.get(), &timeout);
  std::array capabilities{capability("publisher_confirms"), capability("basic.nack"),
                          capability("connection.blocked")};
  const amqp_table_t table{.num_entries = capabilities.size(), .entries = capabilities.data()};
  std::array properties{entry("capabilities", {.kind = AMQP_FIELD_KIND_TABLE, .value = {.table = table}})};
  const amqp_table_t more{.num_entries = properties.size(), .entries = properties.data()};
  const auto heartbeat = static_cast<int>(options_.heartbeat.count());
  check(amqp_login_with_properties(state_.get(), options_.vhost.c_str(), channel, AMQP_DEFAULT_FRAME_SIZE,
                                   heartbeat, &more, AMQP_SASL_METHOD_PLAIN, options_.user.c_str(),
                                   options_.password.c_str()),
        "cannot log in as '" + options_.user + "' to '" + options_.vhost + "'");
}

void AmqpConnection::open_channel(const std::string& queue, statwire::Deadline deadline) {
  const auto limit = [&] {
    const timeval timeout = until(deadline);
    amqp_set_rpc_timeout(state_.get(), &timeout);
  };
  limit();
  amqp_channel_open(state_.get(), channel);
  check(amqp_get_rpc_reply(state_.get()), "cannot open a channel");
  limit();
  constexpr amqp_boolean_t passive = 1;  // not to be made
  amqp_queue_declare(state_.get(), channel, bytes(queue), passive, 0, 0, 0, amqp_empty_table);
  check(amqp_get_rpc_reply(state_.get()), "cannot publish to the queue '" + queue + "'");
  limit();
  amqp_confirm_select(state_.get(), channel);
  check(amqp_get_rpc_reply(state_.get()), "cannot have documents confirmed");
}

void AmqpConnection::publish(const std::string& routing_key, const std::string& body, bool is_persistent) {
  if (!state_) fail(AMQP_STATUS_SOCKET_CLOSED, 0, "cannot publish");
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  const int status = amqp_basic_publish(state_.get(), channel, amqp_empty_bytes, bytes(routing_key), 0, 0,
                                        is_persistent ? &properties : nullptr, bytes(body));
  const int error = errno;
  if (status == AMQP_STATUS_OK) return;
  // The broker may have confirmed some, and said why, before it went.
  while (read_frame() == AMQP_STATUS_OK) {
  }
  fail(status, error, "cannot publish");
}

void AmqpConnection::wait(std::chrono::milliseconds timeout) {
  if (read_frames()) return;
  // librabbitmq sends heartbeats when it is called.
  const std::chrono::milliseconds heartbeat = std::chrono::seconds{amqp_get_heartbeat(state_.get())};
  if (heartbeat.count() != 0) timeout = std::min(timeout, heartbeat / 4);
  socket_.wait(Clock::now() + timeout);
  read_frames();
}

/// Reads all that has come; returns whether that was anything.
bool AmqpConnection::read_frames() {
  if (!state_) fail(AMQP_STATUS_SOCKET_CLOSED, 0, "cannot read");
  for (bool has_read = false;; has_read = true) {
    const int status = read_frame();
    if (status == AMQP_STATUS_TIMEOUT) return has_read;
    if (status != AMQP_STATUS_OK) fail(status, errno, "lost the connection");
  }
}

/// Returns AMQP_STATUS_OK when there was one, and AMQP_STATUS_TIMEOUT when there was none.
int AmqpConnection::read_frame() {
  const timeval at_once{};
  amqp_frame_t frame;
  const int status = amqp_simple_wait_frame_noblock(state_.get(), &frame, &at_once);
  if (status != AMQP_STATUS_OK) return status;
  if (frame.frame_type == AMQP_FRAME_METHOD) read_method(frame);
  amqp_maybe_release_buffers_on_channel(state_.get(), frame.channel);
  return status;
}

void AmqpConnection::read_method(const amqp_frame_t& frame) {
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD:
      on_confirm_(confirm<amqp_basic_ack_t>(method.decoded, true));
      break;
    case AMQP_BASIC_NACK_METHOD:
      on_confirm_(confirm<amqp_basic_nack_t>(method.decoded, false));
      break;
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blocked_ = "the broker takes nothing for now: " +
                 text(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason);
      break;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_.clear();
      break;
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
      fail({.type = "rabbitmq", .message = "the broker has ended the connection: " + reason(method)});
    default:
      break;
  }
}

void AmqpConnection::close() {
  if (!state_) return;
  const timeval timeout = duration(options_.timeout);
  amqp_set_rpc_timeout(state_.get(), &timeout);
  amqp_connection_close(state_.get(), AMQP_REPLY_SUCCESS);
  // What came before the answer was put aside.
  while (read_frame() == AMQP_STATUS_OK) {
  }
  state_.reset();
  socket_.close();
}

void AmqpConnection::check(const amqp_rpc_reply_t& reply, const std::string& what) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) {
    Failure failure{.type = "rabbitmq", .message = what + ": " + reason(reply.reply)};
    const bool is_of_channel = reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD;
    if (is_of_channel) close();  // else the broker would complain of the end of a connection that is well
    fail(std::move(failure));
  }
  fail(reply.library_error, errno, what);
}

/// `error`: that of the system, which librabbitmq gave up after.
void AmqpConnection::fail(int status, int error, const std::string& what) {
  const bool is_of_system = status == AMQP_STATUS_SOCKET_ERROR && error != 0;
  fail({.type = status == AMQP_STATUS_TIMEOUT ? "timeout" : "rabbitmq",
        .message = what + ": " +
                   (is_of_system ? std::generic_category().message(error) : amqp_error_string2(status))});
}

void AmqpConnection::fail(Failure failure) {
  state_.reset();
  socket_.close();
  throw AmqpError{std::move(failure)};
}

}  // namespace mesos_collector
