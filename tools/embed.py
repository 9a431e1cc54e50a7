"""Writes a C++ source that holds a file as a string: embed.py FILE SYMBOL OUTPUT."""

import sys

source, symbol, output = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
rows = [", ".join(str(byte) for byte in data[at : at + 20]) for at in range(0, len(data), 20)]
with open(output, "w") as file:
    file.write("#include <string_view>\n\nnamespace convoke {\nnamespace {\n")
    file.write("constexpr char kBytes[] = {\n    " + ",\n    ".join(rows) + "};\n}  // namespace\n\n")
    file.write(f"extern const std::string_view {symbol};\n")
    file.write(f"const std::string_view {symbol}(kBytes, sizeof kBytes);\n\n}}  // namespace convoke\n")
