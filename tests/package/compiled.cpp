#include <statwire/src.hpp>
