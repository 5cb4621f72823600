/** How many clients the open files of this process carry. */

/** Ports, log, files that are read, and connections that are told that there is no room; where there are few, half of them. */
const OTHER_FILES = 200

/**
 * Each client connection takes one file, and its connection to a server one more.
 * @param openFiles the limit of the process; left out: there is none
 */
export const mostConnections = (openFiles = Number.POSITIVE_INFINITY): number =>
  Math.max(1, Math.floor((openFiles - Math.min(OTHER_FILES, openFiles / 2)) / 2))
