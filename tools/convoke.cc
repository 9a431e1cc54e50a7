// The `convoke` program: the engine (`convoke serve`) and its command line in one executable.
#include <string>
#include <vector>

#include "tools/command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return static_cast<int>(convoke::cli::run_command_line(arguments));
}
