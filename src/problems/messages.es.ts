import type { Messages } from './messages.en.js';

export const es: Messages = {
  problems: {
    validation_failed: {
      title: 'La petición no es válida',
      detail: 'Uno o más miembros del cuerpo faltan, no se conocen o tienen mala forma; «errors» nombra cada uno.',
    },
    malformed_request: {
      title: 'No se pudo leer la petición',
      detail: 'La petición no es HTTP bien formado con un objeto JSON como cuerpo.',
    },
    not_found: { title: 'No encontrado', detail: 'No hay nada en esta dirección.' },
    method_not_allowed: {
      title: 'Método no permitido',
      detail: 'Esta dirección no responde a este método; la cabecera Allow nombra los que acepta.',
    },
    request_timeout: { title: 'La petición tardó demasiado', detail: 'La petición no llegó entera a tiempo.' },
    precondition_failed: {
      title: 'No se cumple una condición',
      detail: 'El contenido de esta dirección no cumple una condición de la petición, como If-Match.',
    },
    body_too_large: { title: 'El cuerpo es demasiado grande', detail: 'Un cuerpo puede tener 32 KiB como máximo.' },
    unsupported_media_type: {
      title: 'Tipo de contenido no admitido',
      detail: 'Envíe el cuerpo como Content-Type: application/json, o como formulario donde la dirección lo admite.',
    },
    range_not_satisfiable: {
      title: 'Rango no disponible',
      detail:
        'El contenido de esta dirección no tiene ninguno de los rangos de la cabecera Range; Content-Range indica su longitud.',
    },
    too_many_requests: {
      title: 'Demasiadas peticiones',
      detail: 'Ha habido demasiadas peticiones de este tipo; inténtelo de nuevo tras el tiempo de Retry-After.',
    },
    headers_too_large: {
      title: 'Las cabeceras son demasiado grandes',
      detail: 'La línea de petición y las cabeceras son demasiado grandes.',
    },
    internal_error: {
      title: 'Algo salió mal',
      detail: 'El servidor falló y ha registrado por qué; dígale a quien lo opera el request_id.',
    },
    unavailable: {
      title: 'El servicio no está disponible ahora',
      detail: 'No se alcanza algo que el servicio necesita; inténtelo de nuevo tras el tiempo de Retry-After.',
    },
    registration_closed: { title: 'El registro está cerrado', detail: 'Este servicio no admite registros.' },
    username_taken: {
      title: 'El nombre de usuario está ocupado',
      detail: 'Alguien ha registrado ya este nombre de usuario.',
    },
    email_taken: {
      title: 'La dirección de correo está ocupada',
      detail: 'Alguien ha registrado ya esta dirección de correo.',
    },
    password_rejected: {
      title: 'La contraseña fue rechazada',
      detail: 'La contraseña no cumple las reglas de contraseñas; «errors» dice por qué.',
    },
    busy: {
      title: 'El servicio está ocupado',
      detail: 'Se están comprobando demasiadas contraseñas; inténtelo de nuevo tras el tiempo de Retry-After.',
    },
    too_many_attempts: {
      title: 'Demasiados intentos',
      detail:
        'Ha habido demasiados intentos con este nombre; no se comprueba ninguna contraseña hasta que pase el tiempo de Retry-After.',
    },
    wrong_password: {
      title: 'La contraseña es incorrecta',
      detail: 'La contraseña dada no es la de este usuario.',
    },
    invalid_credentials: {
      title: 'Nombre, correo o contraseña incorrectos',
      detail: 'No hay ningún usuario con este nombre y contraseña.',
    },
    token_missing: {
      title: 'Falta el token de acceso',
      detail: 'Envíe un token de acceso como Authorization: Bearer <token>, o una cookie de sesión.',
    },
    token_malformed: {
      title: 'El token de acceso no es válido',
      detail: 'El token de acceso está mal formado o no es auténtico.',
    },
    token_expired: {
      title: 'El token de acceso ha caducado',
      detail: 'El token de acceso ha caducado; obtenga otro con el token de refresco.',
    },
    token_revoked: {
      title: 'El token de acceso fue revocado',
      detail: 'La sesión de este token de acceso ha terminado; inicie sesión de nuevo.',
    },
    refresh_token_invalid: {
      title: 'El token de refresco no es válido',
      detail: 'El token de refresco falta, está mal formado o no es auténtico.',
    },
    refresh_token_expired: {
      title: 'El token de refresco ha caducado',
      detail: 'El token de refresco ha caducado; inicie sesión de nuevo.',
    },
    refresh_token_reused: {
      title: 'El token de refresco ya se había usado',
      detail: 'El token de refresco ya se había usado, y por eso su sesión ha terminado; inicie sesión de nuevo.',
    },
    csrf_failed: {
      title: 'La petición puede venir de otro sitio',
      detail:
        'Envíe el csrf_token de esta sesión como X-CSRF-Token, desde una página de este servicio o de un origen admitido.',
    },
    session_invalid: {
      title: 'La cookie de sesión no es válida',
      detail: 'La cookie de sesión no es auténtica, o hay más de una; inicie sesión de nuevo.',
    },
    session_expired: {
      title: 'La sesión ha caducado',
      detail: 'La sesión estuvo inactiva demasiado tiempo, o ha llegado a su fin; inicie sesión de nuevo.',
    },
    session_not_found: {
      title: 'No existe esa sesión',
      detail: 'Este usuario no tiene ninguna sesión con ese identificador.',
    },
    invalid_client: {
      title: 'El cliente no es conocido',
      detail: 'Envíe el client_id y el client_secret de un cliente registrado por HTTP Basic.',
    },
    session_revoked: {
      title: 'La sesión ha terminado',
      detail: 'La sesión de este token o de esta cookie ha terminado; inicie sesión de nuevo.',
    },
  },
  faults: {
    required: 'Este miembro es obligatorio.',
    unknown_member: 'Este miembro no se conoce aquí.',
    not_a_string: 'Debe ser una cadena.',
    not_an_object: 'El cuerpo debe ser un objeto JSON.',
    invalid_text: 'No debe contener NUL ni un sustituto suelto.',
    empty: 'No debe estar vacío.',
    transport_unknown: 'Debe ser "bearer" o "cookie".',
    two_tokens: 'La cabecera Authorization lleva otro token. Envíe un solo token, o el mismo dos veces.',
    keep_unknown: 'Debe ser "current".',
    event_type_unknown: 'No hay ningún evento de este tipo.',
    not_an_id: 'Debe ser un id.',
    limit_out_of_range: 'Debe ser un número entero de 1 a 100.',
    username_invalid:
      'Un nombre de usuario tiene de 1 a 64 caracteres, ninguno de control, solo espacios sueltos en su interior, y @ solo si es también el correo.',
    email_invalid: 'No es una dirección de correo.',
    password_too_short: 'Una contraseña tiene {minimum} caracteres o más.',
    password_too_long: 'Una contraseña tiene {maximum} caracteres como máximo.',
    password_common: 'Esta contraseña es una de las más usadas, y por eso de las primeras que se prueban.',
    password_contains_name:
      'Esta contraseña es el nombre de usuario o la dirección de correo, con poco o nada añadido.',
    password_contains_service_name: 'Esta contraseña es el nombre de este servicio, con poco o nada añadido.',
    password_breached: 'Esta contraseña se conoce por una filtración de datos.',
  },
};
