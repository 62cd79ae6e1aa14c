#pragma once

// A queue of a RabbitMQ on loopback, and what has come into it.

#include <ostream>

#include <doctest/doctest.h>

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <sys/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace statwire::test {

class RabbitmqQueue {
 public:
  struct Message {
    std::string body;
    std::uint32_t properties = 0;  ///< Flags of AMQP: which properties there are.
    int delivery_mode = 0;         ///< 0 when there is none.
  };

  /// Makes it, durable, unless it is there.
  RabbitmqQueue(std::uint16_t port, std::string queue) : name_{std::move(queue)} {
    amqp_socket_t* const socket = amqp_tcp_socket_new(state_.get());
    REQUIRE(amqp_socket_open(socket, "127.0.0.1", port) == AMQP_STATUS_OK);
    check(amqp_login(state_.get(), "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest",
                     "guest"));
    amqp_channel_open(state_.get(), 1);
    check(amqp_get_rpc_reply(state_.get()));
    amqp_queue_declare(state_.get(), 1, name(), 0, 1, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(state_.get()));
  }

  /// Takes all messages out, the oldest first.
  std::vector<Message> take_all() {
    std::vector<Message> messages;
    for (;;) {
      const amqp_rpc_reply_t reply = amqp_basic_get(state_.get(), 1, name(), 1);
      check(reply);
      if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return messages;
      amqp_message_t message;
      check(amqp_read_message(state_.get(), 1, &message, 0));
      const amqp_basic_properties_t& properties = message.properties;
      const bool has_mode = (properties._flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0;
      messages.push_back({.body = {static_cast<const char*>(message.body.bytes), message.body.len},
                          .properties = properties._flags,
                          .delivery_mode = has_mode ? properties.delivery_mode : 0});
      amqp_destroy_message(&message);
      amqp_maybe_release_buffers(state_.get());
    }
  }

 private:
  struct Destroy {
    void operator()(amqp_connection_state_t state) const { amqp_destroy_connection(state); }
  };

  amqp_bytes_t name() { return {.len = name_.size(), .bytes = name_.data()}; }

  static void check(const amqp_rpc_reply_t& reply) { REQUIRE(reply.reply_type == AMQP_RESPONSE_NORMAL); }

  std::string name_;
  std::unique_ptr<amqp_connection_state_t_, Destroy> state_{amqp_new_connection()};
};

}  // namespace statwire::test
