#pragma once

// AMQP 0-9-1 as a broker writes it, and reads it: frames, and the few methods that publishing takes.
// Source: the specification, sections 2.3 and 4.2.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace statwire::test::amqp {

/// The lowest `bytes` bytes, the highest first.
inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

inline std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

inline std::string short_string(std::string_view text) {
  return number(text.size(), 1).append(text);
}

inline std::string long_string(std::string_view text) {
  return number(text.size(), 4).append(text);
}

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

struct Frame {
  FrameType type{};
  std::uint16_t channel = 0;
  std::string payload{};
  std::string bytes{};  ///< All of it, as it came.
};

inline std::string frame(FrameType type, std::uint16_t channel, std::string_view payload) {
  return number(static_cast<std::uint64_t>(type), 1) + number(channel, 2) + long_string(payload) + '\xce';
}

/// Cuts the first frame off; nothing when it is not there as a whole.
inline std::optional<Frame> cut_frame(std::string& bytes) {
  constexpr std::size_t head = 7;
  if (bytes.size() < head) return std::nullopt;
  const std::size_t size = read_number(std::string_view{bytes}.substr(3, 4));
  if (bytes.size() < head + size + 1) return std::nullopt;
  Frame cut{.type = static_cast<FrameType>(bytes[0]),
            .channel = static_cast<std::uint16_t>(read_number(std::string_view{bytes}.substr(1, 2))),
            .payload = bytes.substr(head, size),
            .bytes = bytes.substr(0, head + size + 1)};
  bytes.erase(0, cut.bytes.size());
  return cut;
}

/// Class and method, as the specification numbers them.
using MethodId = std::pair<int, int>;

constexpr MethodId protocol_header{0, 0};  ///< Not a method, but the first thing that a client sends.
constexpr MethodId connection_start{10, 10};
constexpr MethodId connection_start_ok{10, 11};
constexpr MethodId connection_tune{10, 30};
constexpr MethodId connection_tune_ok{10, 31};
constexpr MethodId connection_open{10, 40};
constexpr MethodId connection_open_ok{10, 41};
constexpr MethodId connection_close{10, 50};
constexpr MethodId connection_close_ok{10, 51};
constexpr MethodId connection_blocked{10, 60};
constexpr MethodId connection_unblocked{10, 61};
constexpr MethodId channel_open{20, 10};
constexpr MethodId channel_open_ok{20, 11};
constexpr MethodId channel_close{20, 40};
constexpr MethodId queue_declare{50, 10};
constexpr MethodId queue_declare_ok{50, 11};
constexpr MethodId basic_publish{60, 40};
constexpr MethodId basic_ack{60, 80};
constexpr MethodId basic_nack{60, 120};
constexpr MethodId confirm_select{85, 10};
constexpr MethodId confirm_select_ok{85, 11};

inline MethodId method_of(const Frame& frame) {
  const std::string_view payload = frame.payload;
  return {static_cast<int>(read_number(payload.substr(0, 2))),
          static_cast<int>(read_number(payload.substr(2, 2)))};
}

inline std::string method(std::uint16_t channel, MethodId id, std::string_view arguments = {}) {
  return frame(
      FrameType::method, channel,
      (number(static_cast<std::uint64_t>(id.first), 2) + number(static_cast<std::uint64_t>(id.second), 2))
          .append(arguments));
}

inline std::string start(std::string_view mechanisms) {
  return method(
      0, connection_start,
      number(0, 1) + number(9, 1) + long_string("") + long_string(mechanisms) + long_string("en_US"));
}

inline std::string tune(std::uint64_t heartbeat_seconds) {
  return method(0, connection_tune, number(2047, 2) + number(131072, 4) + number(heartbeat_seconds, 2));
}

/// `multiple`: all tags up to this one.
inline std::string ack(std::uint64_t tag, bool multiple = false) {
  return method(1, basic_ack, number(tag, 8) + number(multiple ? 1 : 0, 1));
}

inline std::string nack(std::uint64_t tag, bool multiple = false) {
  return method(1, basic_nack, number(tag, 8) + number(multiple ? 1 : 0, 1));
}

/// Of a connection or a channel, which says why.
inline std::string close(std::uint16_t channel, int code, std::string_view text) {
  return method(channel, channel == 0 ? connection_close : channel_close,
                number(static_cast<std::uint64_t>(code), 2) + short_string(text) + number(0, 4));
}

inline std::string blocked(std::string_view reason) {
  return method(0, connection_blocked, short_string(reason));
}

inline std::string unblocked() {
  return method(0, connection_unblocked);
}

}  // namespace statwire::test::amqp
