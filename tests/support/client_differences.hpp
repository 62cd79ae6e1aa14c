#pragma once

// Where our client differs on purpose from the clients of tests/cases/clients/: for each case what it sends
// instead, and why.

#include <array>
#include <string_view>

namespace statwire::test {

/// A case where ours sends other bytes on purpose.
struct Difference {
  std::string_view file, name;
  std::array<std::string_view, 2> ours;  ///< Datagrams; empty ones are none.
  std::string_view reason;
};

inline constexpr std::string_view no_deltas =
    "the Datadog agent takes +5 and -5 for values, so a change is refused and counted";
inline constexpr std::string_view shortest = "numbers print as short as they read back";
inline constexpr std::string_view no_exponent = "servers misread an exponent";
inline constexpr std::string_view zero_first =
    "the server takes a minus for a change, so a negative value follows a zero";
inline constexpr std::string_view clean_names = "bytes other than letters, digits, _ - and . become _";
inline constexpr std::string_view bytes_not_units =
    "the agent wants the lengths in bytes, not in UTF-16 units";
inline constexpr std::string_view real_tags = "tags are key:value, not the text of a Python dict";
inline constexpr std::string_view label = "a tag without a value is a label";
inline constexpr std::string_view escaped_mark =
    "m: in a message is escaped, as the agent's protocol asks for";
inline constexpr std::string_view timestamp_last = "the timestamp goes behind the tags; the agent takes both";

inline constexpr Difference differences[] = {
    {"aiomeasures", "gauge_delta", {}, no_deltas},
    {"aiomeasures", "gauge_delta_neg", {}, no_deltas},
    {"aiomeasures",
     "event",
     {"_e{5,4}:title|text|h:h|k:k|p:low|s:s|t:error|#a:b"},
     "the agent's protocol has a colon behind the lengths"},
    {"hot-shots", "gauge_delta_plus", {}, no_deltas},
    {"hot-shots", "gauge_delta_minus", {}, no_deltas},
    {"hot-shots", "name_sanitize", {"a_b_c_d:1|c"}, clean_names},
    {"hot-shots", "check_full", {"_sc|svc|2|d:1700000000|h:h|#a:b|m:msg m\\:x"}, escaped_mark},
    {"hot-shots", "event_utf8", {"_e{2,6}:é|naïve"}, bytes_not_units},
    {"hot-shots", "float_1e21", {"g:1000000000000000000000|g"}, no_exponent},
    {"hot-shots", "float_small", {"g:0.0000001|g"}, no_exponent},
    {"hot-shots", "nan", {}, "what is no number is dropped as invalid"},
    {"hot-shots", "tag_empty_value", {"hits:1|c|#a"}, label},
    {"hot-shots-ddenv", "gauge_delta_plus", {}, no_deltas},
    {"hot-shots-ddenv", "gauge_delta_minus", {}, no_deltas},
    {"hot-shots-ddenv", "name_sanitize", {"a_b_c_d:1|c|#env:prod,service:web,version:1.0"}, clean_names},
    {"hot-shots-ddenv",
     "check_full",
     {"_sc|svc|2|d:1700000000|h:h|#env:prod,service:web,version:1.0,a:b|m:msg m\\:x"},
     escaped_mark},
    {"hot-shots-ddenv", "event_utf8", {"_e{2,6}:é|naïve|#env:prod,service:web,version:1.0"}, bytes_not_units},
    {"hot-shots-ddenv",
     "float_1e21",
     {"g:1000000000000000000000|g|#env:prod,service:web,version:1.0"},
     no_exponent},
    {"hot-shots-ddenv", "float_small", {"g:0.0000001|g|#env:prod,service:web,version:1.0"}, no_exponent},
    {"hot-shots-ddenv", "nan", {}, "what is no number is dropped as invalid"},
    {"hot-shots-ddenv", "tag_empty_value", {"hits:1|c|#env:prod,service:web,version:1.0,a"}, label},
    {"hot-shots-ddenv",
     "ts_timestamp_count",
     {"hits:5|c|#env:prod,service:web,version:1.0|T1700000000"},
     timestamp_last},
    {"hot-shots-ddenv",
     "timestamp",
     {"load:42|g|#env:prod,service:web,version:1.0|T1700000000"},
     timestamp_last},
    {"monasca-statsd", "incr", {"hits:1|c|#env:prod"}, real_tags},
    {"monasca-statsd", "incr_n", {"hits:5|c|#env:prod"}, real_tags},
    {"monasca-statsd", "decr", {"hits:-3|c|#env:prod"}, real_tags},
    {"monasca-statsd", "incr_rate", {"hits:1|c|@0.1|#env:prod"}, real_tags},
    {"monasca-statsd", "gauge", {"load.x:42|g|#env:prod"}, real_tags},
    {"monasca-statsd", "timing", {"lat:0.5|ms|#env:prod"}, "a timing is sent as one, not as a gauge"},
    {"monasca-statsd", "dims", {"load.x:42|g|#env:prod,a:b"}, real_tags},
    {"net-statsd-perl", "inc_multi", {"a:1|c", "b:1|c"}, "samples leave in the order of the calls"},
    {"net-statsd-perl", "gauge_negative", {"load:0|g\nload:-7|g"}, zero_first},
    {"node-lynx", "gauge_negative", {"load:0|g\nload:-7|g"}, zero_first},
    {"python3-statsd", "timing", {"lat:500|ms"}, shortest},
    {"python3-statsd", "timing_float", {"lat:0.5|ms"}, shortest},
    {"python3-statsd", "timing_tiny", {"lat:0|ms"}, shortest},
    {"python3-statsd", "timing_td", {"lat:1500|ms"}, shortest},
    {"python3-statsd", "timing_rate", {"lat:500|ms|@0.1"}, shortest},
    {"python3-statsd", "gauge_1e20", {"load:100000000000000000000|g"}, no_exponent},
    {"python3-statsd", "gauge_1e16", {"load:10000000000000000|g"}, no_exponent},
    {"python3-statsd", "utf8", {"users:é|s"}, "a member may be UTF-8; theirs cannot encode it"},
    {"python3-statsd", "colon_name", {"a_b:1|c"}, clean_names},
    {"python3-statsd", "pipeline", {"a:1|c\nb:5|ms\ng:0|g\ng:-1|g"}, shortest},
    {"ruby-statsd", "gauge_negative", {"load:0|g\nload:-7|g"}, zero_first},
    {"ruby-statsd", "ruby_class_name", {"Foo__Bar:1|c"}, clean_names},
    {"statsd-client", "gauge_delta_plus", {}, no_deltas},
    {"statsd-client", "gauge_delta_minus", {}, no_deltas},
};

/// A case that ours has no call for.
struct Missing {
  std::string_view file, name, reason;
};
inline constexpr Missing missing[] = {
    {"statsd-client", "raw", "lines are written by the library alone, so that each is a legal one"},
};

}  // namespace statwire::test
