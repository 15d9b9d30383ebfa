import cf from 'cloudfront';

// Made by infra.edge from the one edge table of chalicelib/domain/edge.py. Change it there.
const EDGE = "{{EDGE}}";
const PATHS = EDGE.paths.map(function (row) {
    return { pattern: new RegExp(row[0]), dialect: row[1] };
});

// CloudFront hands names and values over as the client wrote them, and API Gateway decodes them behind us.
function decoded(text) {
    try {
        return decodeURIComponent(text.replace(/\+/g, ' '));
    } catch (malformed) {
        return text;
    }
}

function first(query, wanted) {
    const names = Object.keys(query).filter(function (name) { return decoded(name) === wanted; });
    if (names.length === 0) {
        return undefined;
    }
    const given = query[names[0]];
    return decoded(given.multiValue ? given.multiValue[0].value : given.value);
}

// What may stand in a path and would mean something else in a query.
function asValue(segment) {
    return segment.replace(/[&+=;]/g, function (one) { return encodeURIComponent(one); });
}

function destination(path, query, handshake) {
    if (path === EDGE.socketio || path === EDGE.socketio + '/') {
        if (handshake && first(query, EDGE.transport[0]) === EDGE.transport[1]) {
            return { dialect: EDGE.socketioDialect };
        }
        return { path: EDGE.socketio };
    }
    for (let i = 0; handshake && i < PATHS.length; i += 1) {
        const found = PATHS[i].pattern.exec(path);
        if (found) {
            return { dialect: PATHS[i].dialect, session: found[1] };
        }
    }
    if (path.length > 1 && path.charAt(path.length - 1) === '/') {
        return { path: path.slice(0, -1) };
    }
    return {};
}

function handler(event) {
    const request = event.request;
    const handshake = request.headers[EDGE.handshakeHeader] !== undefined;
    const way = destination(request.uri, request.querystring, handshake);
    // Overwrites what a client sent under this name; the origin's own header proves that this function ran.
    request.headers[EDGE.viewerHeader] = { value: event.viewer.ip };
    // The origin gets a Host of its own; the name that people use is the viewer's.
    delete request.headers[EDGE.hostHeader];
    if (request.headers.host) {
        request.headers[EDGE.hostHeader] = { value: request.headers.host.value };
    }
    if (way.dialect === undefined) {
        cf.selectRequestOriginById(EDGE.restOrigin);
        request.uri = way.path || request.uri;
        return request;
    }
    cf.selectRequestOriginById(EDGE.websocketOrigin);
    request.uri = EDGE.websocketPath;
    Object.keys(request.querystring).forEach(function (name) {
        if (EDGE.reserved.indexOf(decoded(name)) >= 0) {
            delete request.querystring[name];
        }
    });
    request.querystring[EDGE.dialectParameter] = { value: way.dialect };
    if (way.session !== undefined) {
        request.querystring[EDGE.sessionParameter] = { value: asValue(way.session) };
    }
    return request;
}
