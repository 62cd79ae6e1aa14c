#include "online_store/kafka_client.hpp"

#include <array>
#include <stdexcept>

namespace online_store {
namespace {

using Configuration = std::unique_ptr<rd_kafka_conf_t, EndedBy<rd_kafka_conf_destroy>>;
using Text = std::array<char, 512>;

void set(rd_kafka_conf_t* configuration, const std::string& name, const std::string& value) {
  Text reason{};
  if (rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), reason.data(), reason.size()) ==
      RD_KAFKA_CONF_OK) {
    return;
  }
  throw std::invalid_argument{"librdkafka does not take " + name + "=" + value + ": " + reason.data()};
}

void set_all(rd_kafka_conf_t* configuration, const KafkaProperties& properties) {
  for (const auto& [name, value] : properties) set(configuration, name, value);
}

void require_free(const KafkaProperties& asked, const KafkaProperties& fixed) {
  for (const auto& [name, value] : asked) {
    if (!fixed.contains(name)) continue;
    // NOLINTNEXTLINE(performance-inefficient-string-concatenation): it leaves the loop
    throw std::invalid_argument{"the property " + name + "=" + value +
                                " cannot be asked for: the program sets it itself"};
  }
}

}  // namespace

KafkaClient make_kafka_client(rd_kafka_type_t type, const KafkaClientSettings& settings) {
  require_free(settings.asked, settings.fixed);
  Configuration configuration{rd_kafka_conf_new()};
  set(configuration.get(), "log_level", "4");
  set_all(configuration.get(), settings.defaults);
  set_all(configuration.get(), settings.asked);
  set_all(configuration.get(), settings.fixed);
  set(configuration.get(), "log.queue", "true");
  rd_kafka_conf_set_events(configuration.get(), settings.events);

  Text reason{};
  KafkaClient client{rd_kafka_new(type, configuration.get(), reason.data(), reason.size())};
  if (!client)
    throw std::invalid_argument{std::string{"librdkafka does not take the properties: "} + reason.data()};
  static_cast<void>(configuration.release());  // the client's now
  return client;
}

}  // namespace online_store
