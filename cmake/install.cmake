# What is installed: the headers, the package for find_package and the files for pkg-config. Nothing in it depends on
# where it is built or what is found there: the package looks for what statwire needs when it is used.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(DIRECTORY include/statwire DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING
  PATTERN "*.hpp" PATTERN "*.ipp")

# One set of targets for each group that has the same needs, so that a part is loaded only when its needs are met.
set(package ${CMAKE_INSTALL_DATADIR}/cmake/statwire)
install(TARGETS statwire statwire_testing EXPORT statwire-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS statwire_http EXPORT statwire-http-targets)
install(TARGETS statwire_sqlite EXPORT statwire-sqlite-targets)
foreach(targets IN ITEMS statwire-targets statwire-http-targets statwire-sqlite-targets)
  install(EXPORT ${targets} NAMESPACE statwire:: DESTINATION ${package})
endforeach()

write_basic_package_version_file(${PROJECT_BINARY_DIR}/statwire-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES cmake/statwire-config.cmake cmake/statwire-dependencies.cmake
  ${PROJECT_BINARY_DIR}/statwire-config-version.cmake DESTINATION ${package})

# For POSIX: on Windows it would have to name libraries of the system. Its paths start from the file itself, so that the prefix can be moved.
set(pc_folder ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig)
file(RELATIVE_PATH statwire_pc_prefix ${pc_folder} ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH statwire_pc_includedir ${pc_folder} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
string(REGEX REPLACE "/$" "" statwire_pc_prefix ${statwire_pc_prefix})
if(NOT WIN32)
  foreach(name IN ITEMS statwire statwire-http)
    configure_file(cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
  endforeach()
endif()
