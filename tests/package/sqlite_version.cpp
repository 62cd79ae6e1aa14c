// statwire::sqlite brings SQLite's header and library.

#include <sqlite3.h>

#include "statwire/version.hpp"

int main() {
  return sqlite3_libversion_number() >= 3000000 ? 0 : 1;
}
