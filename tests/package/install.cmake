# Installs the build in BUILD to an empty prefix, moves that to PREFIX, and looks at what is in it: all headers of SOURCE,
# and no path of this machine.
set(staged ${PREFIX}.staged)
file(REMOVE_RECURSE ${staged} ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${staged} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE files ${staged}/*)
foreach(file IN LISTS files)
  file(READ ${file} text)
  foreach(path IN ITEMS ${SOURCE} ${BUILD} ${staged})
    string(FIND "${text}" "${path}" place)
    if(NOT place EQUAL -1)
      message(SEND_ERROR "${file} names a folder of the machine that it was built on: ${path}")
    endif()
  endforeach()
endforeach()

file(GLOB_RECURSE headers RELATIVE ${SOURCE}/include ${SOURCE}/include/*)
file(GLOB_RECURSE installed RELATIVE ${staged}/include ${staged}/include/*)
list(REMOVE_ITEM headers ${installed})
if(headers OR NOT installed)
  message(SEND_ERROR "not installed: ${headers}")
endif()

file(RENAME ${staged} ${PREFIX})
